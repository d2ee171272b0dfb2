/** As written by Go. */
export function beginGo(level: i32): bool {
  return false;
}

export function writeGo(input: usize, size: u32): void {
  unreachable();
}

export function finishGo(): void {
  unreachable();
}
