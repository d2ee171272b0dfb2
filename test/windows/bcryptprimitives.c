/* Bun imports ProcessPrng from bcryptprimitives.dll, which Wine 8 does not have: this is all of it. */
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID into, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE into, SIZE_T length) {
    return SystemFunction036(into, (ULONG)length);
}
