// Adds two functions to the compiled module: `saveVariables(address)` stores its variables (all but its memory) there, and
// `loadVariables(address)` sets them. A second instance on the same memory that loads what the first has saved is a copy of it.
import { Transform } from 'assemblyscript/transform';

export default class extends Transform {
  afterCompile(module) {
    const { binaryen } = this;
    const saves = [];
    const loads = [];
    const address = () => module.local.get(0, binaryen.i32);
    for (let index = 0, offset = 0; index < module.getNumGlobals(); index++) {
      const { name, type, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
      if (!mutable) continue;
      const is64 = type === binaryen.i64;
      if (!is64 && type !== binaryen.i32)
        throw new Error(`variables of the type of ${name} are not known here`);
      const kind = is64 ? module.i64 : module.i32;
      saves.push(kind.store(offset, 1, address(), module.global.get(name, type)));
      loads.push(module.global.set(name, kind.load(offset, 1, address())));
      offset += is64 ? 8 : 4;
      if (offset > 4096) throw new Error('there are more variables than SAVED bytes have room for');
    }
    for (const [name, body] of [
      ['saveVariables', saves],
      ['loadVariables', loads],
    ]) {
      module.addFunction(name, binaryen.i32, binaryen.none, [], module.block(null, body));
      module.addFunctionExport(name, name);
    }
  }
}
