/// What the demo prints when everything runs.
enum DemoText {
  static func print(port: Int, configuration: String, variables: String) {
    StandardOutput.write(
      """
      The gateway listens on http://127.0.0.1:\(port), an embedded token service stands behind it.
      Its configuration: \(configuration)

      In another terminal, set the tokens of the demo first:

        . \(variables)

      then try:
      """)
    for step in DemoStep.all { StandardOutput.write("\n  # \(step.status)  \(step.title)\n  \(step.curl(port: port))") }
    StandardOutput.write("\nCtrl-C ends everything.")
  }
}
