/** As written by Zlib. */
export function beginZlib(level: i32, memory: i32): bool {
  return false;
}

export function writeZlib(input: usize, size: u32): void {
  unreachable();
}

export function finishZlib(): void {
  unreachable();
}
