/// Public keys and tokens that OpenSSL 3 made, so that what we verify is not only what our own library signs.
enum OpenSSLTokens {
  /// The secret of the HS tokens.
  static let secret = [UInt8](1...64)

  private static let ed25519 = """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEADPf3TOQLg9Upz7ekGDN/JiXbK9fmPWRZLfJSGrtmsYw=
    -----END PUBLIC KEY-----
    """

  private static let p256 = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXtPBi+dqe2m7bR9M9SLgPTxpSnyw
    pjCRKvT94Kzi9rPQoPalCC1/FxWUVB8p1NZPOCj5iSPxfImVAWjD26ULJA==
    -----END PUBLIC KEY-----
    """

  private static let p384 = """
    -----BEGIN PUBLIC KEY-----
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEjPAAWjkYca7I+yjwBu0Z3sDzxwYWXPWF
    erpKY13VdxATTFTVfkLseC70X76iFBMkLfMoeFYEW7J1sBKKVDWI0rWD5GuX/TG6
    pXxGlh+IOWTyDvpPNC3Vp5BhnBpXHgl0
    -----END PUBLIC KEY-----
    """

  private static let p521 = """
    -----BEGIN PUBLIC KEY-----
    MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQABVwebOuxd44MqapAs1/p9ffISImp
    faBFbVhl7Z9IEHKI/8DAzvGcMhDIROyqFwX0T239AxDc9YylsO1d//wEyvYAm6nN
    AEI4cb3JQyr3cCMmSm0f8Y0CU/mw2rCyQNEpmpcWuOfGGfhpZ0RjU1oxeVGCig0B
    QJs7eW1E8FAUM7c5xi0=
    -----END PUBLIC KEY-----
    """

  private static let rsa = """
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsKfdn/vPjdwEkGsEhw4g
    TflkUQwkc9H7mJwlHLtFxfJUUDXkuBDRc0r8VdxMnuN6QBav/h/OfUPktuVpCKc8
    PypTV+a5jpBidLJXlQqIVF0r3jKOn+vk2jfjRIu2UcE9z5nxcXjGHFWyYtrJGZRO
    L7qh4995KI+YDkXOesqRy3ZQhUmCPXpqRzH7szgyWQuYcIm6/J7CugHvD/5bxRQY
    wCJaa/eUnBNRaklRD7uKheNJC1SizkcLcVj2g1tfxQbwNq3GkCN3moIEF/LUqPbr
    Sj/0A8vIAbiZsRSKmkfa9GxjZmhdJ31o2HtL1tngqE0CfTE2hXilSpHCCwPab/wQ
    eQIDAQAB
    -----END PUBLIC KEY-----
    """

  /// Algorithm, public key (none for secrets) and a token.
  static let good: [(algorithm: String, pem: String?, token: String)] = [
    (
      "EdDSA", ed25519,
      "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJvcGVuc3NsIn0.cGqke450YwNqZZ6VxN53tHKWXh2MR61_F486wx_BqTjKb9dUNp6dv6h"
        + "MpjIskAJN6tl99zKKxdZK6wqi0JWBBw"
    ),
    (
      "ES256", p256,
      "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.7fU7zfmAb3sOCCRAmPrBDUJ9OHc9FbVK29PaB6Dj6NcxCgoeJ6fA9z7"
        + "dtRgKWzw23tCdroyINiZjt7ZjEcss-Q"
    ),
    (
      "ES384", p384,
      "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJvcGVuc3NsIn0.ZR6iEJoGlZiUikYEkFQWsJnmaBX6MZ3Nb1IBJ43aaG5tZAmSkmZH4V8"
        + "lkk7IMLtKNyApn8f3KHt9xUesON5wdQGm0xJhgU77gJKIN14vcf5frp0h8StvIL1_wsOf1N-x"
    ),
    (
      "ES512", p521,
      "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJvcGVuc3NsIn0.AJNdQKB_PufNP1bYo3oDgkDT-HxZ3Z17c117UIMXSGfkSiuok_Uz8Vf"
        + "4a1CVzCB-93M_6FPIIiWHuxCefiAp8IcMABBqzByj5Qz5byA8uPPlMZr761Y9iLxdY_fZOAHDCb-7-YtHAHOqkXyv_ks1zh39ojv"
        + "P2QhjMK7HdhGUYjq3N4-k"
    ),
    (
      "RS256", rsa,
      "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.ENUcuj0eFePblIc1rphEypAMyY6TSOeO7LSKPe8KxI8AkVNoHzlLhpX"
        + "AGjZRElrBg-3O8mLCzzThny5OdHNJ8Bw42HgdZChyoLM2NBnRFrceixg5TaxPKpoAQ364pM-SFMWBf4iY-SYCaHA_unhAkh2Fxil"
        + "cRZV38uNSgfevs199W-Z4hUkmoYBtjH4rJwAjq1GXIzHxKXaa782bca8zQjVO64BDBEpFoOnuXyB0mQegKZNBDl024Bamf6_a5u8"
        + "c4JdN2w9GzskWrICGW_Dfp6aizZngmG_rR_dP3l6gdIZCuSw9_pmxdXQIPzIStSXNUB_Ms87MDFgNg6jNGevCnw"
    ),
    (
      "RS384", rsa,
      "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiJvcGVuc3NsIn0.M-lEbkcvw65gRBPt6NGqNoiccpTw0srX6LjTXn6EcBv8-U8gh1jI07_"
        + "zXkAWH7R8Li8qSTNDChDll4KSeVLueApFCy8x4JLmPdmgOg3SSX3oYd9qLvNaOZ1oHrICe-WO1Nl6cQoMXTFbGmK9oQsbej1uyR3"
        + "xhrNKhUkRukGopZB5JTrIHDuquIi4E66RI2Jqunzk62EmkY_sDLr7u5Z1ZTwQ93kVsXcF05Ezt9i7Z6N59ZEHWT4IYF9AtIao3g0"
        + "o-5jausmERmUg9Oq05qGFTAanmRCo2oS_r-xysVgxw78M-g39RUA2TdazV1du_4hheBrhMrcrTS5wK-F8quyxJw"
    ),
    (
      "RS512", rsa,
      "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJvcGVuc3NsIn0.kgZlmUwcGaiStNix5E8pr2AdrRVnzTjm2g76F0Tz4t1dbz2r-EJ5WKX"
        + "HRq3E3z8PGZO0MYuRENspaPCW86hXu3_oeeYpHDlWEn256iqRVJs2UR-hvWyQ9MjYFDNy-dSgd0WjxnJUfnG9EUNMehO8OHGQqSD"
        + "MnIQz1XVnYJGgfZl0fVS9zLq0RUMEr5o-n3-tvFg93z8NIDHIAucFwJrC95qdJ9pGY8v_JPyXWfWbKUWPc-dzwtJEMbFlTXCBMmn"
        + "6fDK9DbbUTV3H8QW08RYY2oAzuL20NqO-6298VU237NWV9oN3xVCrrtkVsd2CfOexrWqfZlg1_SFzqFePqk0g-g"
    ),
    (
      "PS256", rsa,
      "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.jFOxeq_LxMRxyJNkADcWdJxvcun_xJg-fGtevSJvtFn1Ho0Mx9EHVPY"
        + "1kDfTTTA8jarzMl0YQCOWIUOc3alEKfM1sItVHYuViCvlZO7rtEGWiplP_uZOWR_WCQl7flTTps1fhU6X7vKYbfeewsD4dpymVkJ"
        + "YXwPuVp5MT43TwoQ7YRIDJI5qOS7ZSXeMJD07hsT658QEM7hU5bjaz8Tdf7ssMIkMbIWtmReZ37QnnxZQyIVpVMXjAVcrPCu9wBf"
        + "Ww3QrmFXL_PYaHhk0SCQZxbd1TCcwQywLoC--NhLhchtSLzw4ItqXcMKOJGXkVGgImdFyvUtrHRloMJtn5kJLrg"
    ),
    (
      "PS384", rsa,
      "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJvcGVuc3NsIn0.GlxDF3T8kO_j1RaC1qdWgFDWdkovZU7Qj-r6_QRUDbKVISxLsV29PnH"
        + "BC6tffrFhtIWBwDMBAnio1uDDbaesOqQoozcF0E4uku7j8oO9IrY2_MWJQSsraW-QnP30UB4Ob3viOtufAJ9h_vJ4sNluI4Gxyx5"
        + "1Xd0DNUVz2UQ_7nKtsUCa67to2C0BvLlqX-FIjNi6Lc2SYS6W26IpwTq1hd1pgkp6xb27lkhkzfxzEj2APVEMvw7KcwaoA4GM0JJ"
        + "AyC4eUMGvneetT_9yI88YSxScKZVckstuyTa_07OOOj9RhthnMZx5HkYjT_Yo1YoXT8-0yCdQ51DszpZBH4xZvQ"
    ),
    (
      "PS512", rsa,
      "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJvcGVuc3NsIn0.CGrOjZbJHvdsTGwCfsJItk8dGHlOWFErymFU09q8Z-ZXWHfM08-p74I"
        + "OxPNUJ7IPXq44cv9q8izS7ErJMVGhcnSZ74O3gTnhZbGUs_poADILYcew9srtEYcrKjXWIWtAMWPdOelFXyagG5GUyJ_PrbQ4fuQ"
        + "E26CMss05wEkeReyXNhmOQvxIBi9ArANeMUYeOagoix_Wg-8Pyaq2Oc9mhpR4TNNpaRAow82kWb7Iao-JzHNM8fMXqCpbGM2C3ii"
        + "0GSo5A4SgNCwAUM8_5cKsxRu9GLor7sECtI0y-04A6aiBL32ZdIs5Ndqd0VndThrugeQcWA5mH-lRsd73tutVAw"
    ),
    (
      "HS256", nil,
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.bvBY_Wcriyl4OLe8bRA4i_hAWj7TrvMTbPU_ZArW2x0"
    ),
    (
      "HS384", nil,
      "eyJhbGciOiJIUzM4NCJ9.eyJzdWIiOiJvcGVuc3NsIn0.hSe7y3VdARXawM2H3YIU5HTzzKm6xKba89K4QadN5dYQZ5nQADfRLzx"
        + "xbttpB69k"
    ),
    (
      "HS512", nil,
      "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJvcGVuc3NsIn0.B4rKFR4O4NtAy9xHGQ--KsaFyvwgXCe0qMcdhWdWjKX_bRlyNVwmBpJ"
        + "aHat1oiq9PmxgJacnjMYo_-V8chM_6g"
    ),
  ]

  /// PSS with a salt that is not as long as the hash (RFC 7518 section 3.5).
  static let otherSalts: [(algorithm: String, pem: String?, token: String)] = [
    (
      "PS256", rsa,
      "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.S2MFAqC0Mp10nEvNXyIzuZR6a8dRCdNM1pszuYqm8okdiwDgS1zte6K"
        + "1jbrz2TJc9QEy4E94OVHqHs0mRQFqc36EWjgtXskqCKJOUj-95bo4Y0PEvn__ZFX6CNHierUl5qZIRNbWMrrZhv55TnoNvJzQ0pG"
        + "d66JXrjfZO6HF5Q76KmhmWOK2sHXpC-qgp-kweNOvQsoJiaqRv18cSY36l4bedU_k7xEnneVbr7RUIDEYhbchZN1PpzBDB2J1rxK"
        + "IHY-3SySpqdfOc-gW_MG1-BAVa0axkKhzFtdZ2tF5KXC_7v-PNfzyE7o5vdD17lu2ucLgms5kNmr2l4XMNDaoLQ"
    ),
    (
      "PS256", rsa,
      "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.hgWcuTmqbTJNrq2j3QgbW62qhvxzvdxAKfy-qHDgtpe0V1awBTqTRsl"
        + "RzP2PNZHBNsRoyet1GldJdjRcbdsFSxABEGvovEoHupUe52Cf-KTHdQFw1atB9Y8arBP-Ik29H2PtsjxXO6IMQ0wLl9HlRXUz_R2"
        + "6Y7VqYPkP1_A2RrGQyZEXdV3P3fEqAYiSH1p6eyd1MKBVbrPKkRvjPphwBrPC33ztewPQj7hULw29Mhb3_mBeE9gpZaDpXv6SfXV"
        + "OpVDEnYIVfoFoXc6mWIrQ53PorEHNa45fs4o8LD2O2u6m3AVIksFiK8Jr82PUY_zqIJZSnom79waNr4B9boPofw"
    ),
    (
      "PS256", rsa,
      "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJvcGVuc3NsIn0.QtlBXxlWNwJ42kcLBGP30M-xdFnYkrOvP-slni8QGmRqkgkP2Fx9j8V"
        + "vUxZv5Mp4-bh0zOp7HNxSBt2ybuUwSV6758Q7rpI71yiL9WhRyp9XNUzsuFCcZHUd5_lRU8RC2d8e-drgkHJzyCbr-c7Se0W2Ggs"
        + "_M9yF80DARx_dNO6BWndDC4DsHptKMMaJf94oJPw82asW2P3t_AfAGzYtpP-DFa3FEU45AXzdHl0Dl_L0v6BEnzXo3miUcAa88nY"
        + "z5zhVSRPt3DXyoYPil7fYK54qPClgMv60fERNv0G7j7BC8flrU7ggDwr6xw4trRdwcbwQAfmLQON38SHOMw99yA"
    ),
    (
      "PS384", rsa,
      "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJvcGVuc3NsIn0.PxTukMWCihff46x1XuT5D_QYt_tD9T5WobPymCLAoP5ezEVPO49hh92"
        + "Q624eAss6kg0Sf3_Cgrmsu6gqq9vd53Boy7JUdlHYayNg3vR95x4s7jTM2zjcQ7HhW_7qfM_-RMkFjL6Lp-YuIu4eRNbIWeudoZN"
        + "rt6nrWHVP-1eJQO1hJSDdIhEe1yzm32M-SvYWIygxEMefPJ0cGECBs1auudabh-1UYblR0zaOaYB0jRsliswuXhkgGWfznkpkIPW"
        + "j69tIrmGb5ABG6IKaz5YFgzmhl8vlz7bwTw8b1ZisOqLmyImkmgqh9T5hWsPbH0yj2fW0OZ73Kx349foe5W3Xjg"
    ),
    (
      "PS512", rsa,
      "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJvcGVuc3NsIn0.RrtT0sRD6cYgNM4kfk1MzAP-l2P98Q-aTqGPa4gViqaWT-agfpw7eru"
        + "J_rioHgiS_eiNvT5c1vIGMjSokyLMFdWHxJRSbqaNsCbv1nR8JAXA1Ns0M9EfJAn6Hv4rnSI2I2x2IXLEA8GI9d7Z5l7hpcZ51sT"
        + "Ba3JhAlLzb_KCW0-2_ohMGq5semklUz1vpYg00uJd-8tbgXE36jlURoKJeHhpQEP1BFvpTMWp1V60l5q0tae66dfOWHIx7LZcbFm"
        + "qJ641RtUDc_1CfunRt86RQDJxnez1TzMFmcn7QJxBbvjJVjXmM_hyEX3M3GaZdmtcf4F3dvRAHibrXudw_yz0rA"
    ),
  ]
}
