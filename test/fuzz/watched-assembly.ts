/**
 * Instances of WebAssembly that remember their traps. The updater takes a trap for a malformed patch, which is safe; but every bound is
 * to be checked before, so it is a fault.
 */
const Native = WebAssembly.Instance;
let traps: string[] = [];

class Watched {
  readonly exports: Record<string, unknown>;

  constructor(module: WebAssembly.Module, imports?: Bun.WebAssembly.Imports) {
    const { exports } = new Native(module, imports);
    const watched = Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === 'function' ? remembering(name, value as (...args: unknown[]) => unknown) : value,
    ]);
    this.exports = Object.fromEntries(watched);
  }
}

function remembering(name: string, call: (...args: unknown[]) => unknown) {
  return (...args: unknown[]) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) traps.push(`${name}: ${error.message}`);
      throw error;
    }
  };
}

/** From now on, in this thread. */
export function watchAssembly(): void {
  WebAssembly.Instance = Watched as unknown as typeof WebAssembly.Instance;
}

export function unwatchAssembly(): void {
  WebAssembly.Instance = Native;
}

/** The traps since the last call. */
export function takeTraps(): string[] {
  const taken = traps;
  traps = [];
  return taken;
}
