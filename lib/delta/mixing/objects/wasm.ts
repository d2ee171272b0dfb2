/** Objects of WebAssembly ("WebAssembly Object File Linking"). */

const MAGIC = 0x6d736100;
/** The name of the section that they have, behind its length. */
const LINKING = Buffer.from('\x07linking', 'latin1');

/** Whether it is a module that is linked no further. */
export function isWasmObject(bytes: Buffer): boolean {
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== MAGIC) return false;
  for (let at = 8; at < bytes.length; ) {
    const id = bytes.readUInt8(at);
    let size = 0;
    for (let shift = 0; shift < 35 && at + 1 < bytes.length; shift += 7) {
      const byte = bytes.readUInt8(++at);
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at++;
    if (id === 0 && bytes.subarray(at, at + LINKING.length).equals(LINKING)) return true;
    at += size;
  }
  return false;
}
