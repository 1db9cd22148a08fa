#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

// libFuzzer's entry for programs that have a main function of their own. Swift executables always have one.
int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
                        int (*_Nonnull callback)(const uint8_t *_Nullable data, size_t size));

// The leak checker leaves out what is made between these two: it does not see what a Swift enum with a mark in its
// pointer keeps.
void __lsan_disable(void);
void __lsan_enable(void);

#endif
