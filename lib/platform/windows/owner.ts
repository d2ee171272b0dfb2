/** Who owns a file on Windows, as far as trust needs it. */
import { dlopen, FFIType, type Pointer } from 'bun:ffi';
import { kernel, widePath } from './kernel.ts';

const { i32, ptr, u32 } = FFIType;
const SE_FILE_OBJECT = 1;
const OWNER_SECURITY_INFORMATION = 1;
/** WELL_KNOWN_SID_TYPE */
const LOCAL_SYSTEM = 22;
const ADMINISTRATORS = 26;

/** Whether the file belongs to Administrators or to SYSTEM. False if that can't be found out. */
export function belongsToAdministrators(file: string): boolean {
  const advapi = dlopen('advapi32.dll', {
    GetNamedSecurityInfoW: { args: [ptr, i32, u32, ptr, ptr, ptr, ptr, ptr], returns: u32 },
    IsWellKnownSid: { args: [ptr, i32], returns: i32 },
  });
  try {
    const owner = new BigUint64Array(1);
    const descriptor = new BigUint64Array(1);
    const { GetNamedSecurityInfoW, IsWellKnownSid } = advapi.symbols;
    const failed = GetNamedSecurityInfoW(
      widePath(file),
      SE_FILE_OBJECT,
      OWNER_SECURITY_INFORMATION,
      owner,
      null,
      null,
      null,
      descriptor,
    );
    if (failed !== 0) return false;
    const sid = Number(owner[0]) as Pointer;
    try {
      return [ADMINISTRATORS, LOCAL_SYSTEM].some((kind) => IsWellKnownSid(sid, kind) !== 0);
    } finally {
      kernel().LocalFree(Number(descriptor[0]) as Pointer);
    }
  } finally {
    advapi.close();
  }
}
