/*
 * holder <file> <milliseconds|forever> [delete]
 *
 * What an antivirus scanner or a backup program does to an updater: holds a file open. Others may read and
 * write it, but with "delete" alone may they rename or remove it. Prints "holding" once it has the handle, and
 * "released" when it let go after that time; with "forever" it holds until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int wmain(int count, wchar_t **arguments) {
    if (count < 3) return 2;
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    if (count > 3 && wcscmp(arguments[3], L"delete") == 0) share |= FILE_SHARE_DELETE;
    HANDLE file = CreateFileW(arguments[1], GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "holder: error %lu\n", GetLastError());
        return 1;
    }
    puts("holding");
    fflush(stdout);
    int forever = wcscmp(arguments[2], L"forever") == 0;
    Sleep(forever ? INFINITE : (DWORD)_wtoi(arguments[2]));
    CloseHandle(file);
    puts("released");
    return 0;
}
