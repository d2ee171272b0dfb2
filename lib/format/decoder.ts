/**
 * Decoders: functions from a JSON value of unknown origin to a value of a known type. They are strict: unknown fields,
 * other types and values out of range are errors, which name the path of the field, what was wanted and what was found:
 * `manifest.binaries[2].size: wanted a whole number of bytes from 1 to 1073741824, found -5`.
 */
import { DamagedError, UsageError } from '../errors.ts';
import { printable } from './printable.ts';

/** `path` is the place of `value` in its document, for the message. Throws DamagedError. */
export type Decoder<T> = (value: unknown, path: string) => T;
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

type Fields = Record<string, Decoder<unknown>>;

/** The error of every decoder; exported for rules about several fields. */
export function unwanted(path: string, wanted: string, found: unknown): DamagedError {
  return new DamagedError(`${path}: wanted ${wanted}, found ${show(found)}`);
}

/** Also for values that JSON does not have: a program may pass anything. */
function show(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (Array.isArray(found)) return `a list of ${found.length}`;
  if (typeof found === 'object' && found !== null) return 'an object';
  if (typeof found === 'function' || typeof found === 'symbol') return `a ${typeof found}`;
  return printable(typeof found === 'string' ? JSON.stringify(found) : String(found));
}

/**
 * Decodes a value that a user or a program passed in. The caller must correct it, so it throws UsageError if the decoder
 * throws DamagedError. `name` is the name of the value in the message.
 */
export function decodeInput<T>(decode: Decoder<T>, value: unknown, name: string): T {
  try {
    return decode(value, name);
  } catch (error) {
    if (error instanceof DamagedError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** One of these values. */
export function oneOf<const T extends string | number | boolean>(...choices: T[]): Decoder<T> {
  const wanted = choices.map((choice) => JSON.stringify(choice)).join(' or ');
  return (value, path) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw unwanted(path, wanted, value);
    return found;
  };
}

export const boolean: Decoder<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw unwanted(path, 'true or false', value);
  return value;
};

/** `unit` is what is counted, in the plural. Both bounds are included. */
export function integer(min: number, max: number, unit?: string): Decoder<number> {
  const wanted = `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`;
  return (value, path) => {
    // -0 is printed as 0 but is another value, so it is not canonical.
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw unwanted(path, wanted, value);
    }
    if (Object.is(value, -0)) throw unwanted(path, wanted, '-0');
    return value;
  };
}

/** A point in time, up to the end of the year 9999. */
export const time = integer(0, 253_402_300_799_999, 'milliseconds since 1970');

/** A string that `test` accepts; `wanted` describes such a string. */
export function stringOf(wanted: string, test: (value: string) => boolean): Decoder<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !test(value)) throw unwanted(path, wanted, value);
    return value;
  };
}

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LAYOUT = /(?![\n\t])\p{Cc}/u;

/** One line of text without control characters, which can be printed on a terminal as it is. */
export function line(max: number): Decoder<string> {
  return stringOf(
    `one line of 1 to ${max} characters`,
    (value) => value.length >= 1 && value.length <= max && !CONTROL.test(value) && value.isWellFormed(),
  );
}

/** Lines of text, maybe empty. Line feed and tab are the only control characters. */
export function text(max: number): Decoder<string> {
  return stringOf(
    `text of at most ${max} characters`,
    (value) => value.length <= max && !CONTROL_BUT_LAYOUT.test(value) && value.isWellFormed(),
  );
}

/** That many bytes as lower-case hexadecimal digits. */
export function hex(bytes: number): Decoder<string> {
  const digits = new RegExp(`^[0-9a-f]{${bytes * 2}}$`);
  return stringOf(`${bytes * 2} lower-case hex digits`, (value) => digits.test(value));
}

export function nullable<T>(decode: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : decode(value, path));
}

/** For fields that older documents do not have. */
export function optional<T>(decode: Decoder<T>, fallback: T): Decoder<T> {
  return (value, path) => (value === undefined ? fallback : decode(value, path));
}

export function array<T>(decode: Decoder<T>, min: number, max: number): Decoder<T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      throw unwanted(path, `a list of ${min} to ${max}`, value);
    }
    return value.map((item, index) => decode(item, `${path}[${index}]`));
  };
}

/** Exactly these fields, all of them. */
export function object<F extends Fields>(fields: F): Decoder<{ [K in keyof F]: Decoded<F[K]> }> {
  const decoders = Object.entries(fields);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw unwanted(path, 'an object', value);
    }
    const source = value as Record<string, unknown>;
    for (const name of Object.keys(source)) {
      if (!Object.hasOwn(fields, name)) {
        const known = Object.keys(fields).join(', ');
        throw new DamagedError(`${path}: wanted no fields but ${known}, found ${show(name)}`);
      }
    }
    const decoded: Record<string, unknown> = {};
    for (const [name, decode] of decoders) {
      const field = Object.hasOwn(source, name) ? source[name] : undefined;
      decoded[name] = decode(field, `${path}.${name}`);
    }
    return decoded as { [K in keyof F]: Decoded<F[K]> };
  };
}

/** An object whose field `tag` says which of the decoders to use. */
export function tagged<Tag extends string, V extends Record<string, Decoder<unknown>>>(
  tag: Tag,
  variants: V,
): Decoder<Decoded<V[keyof V]>> {
  const choose = oneOf(...Object.keys(variants));
  return (value, path) => {
    if (typeof value !== 'object' || value === null) throw unwanted(path, 'an object', value);
    const found = Object.hasOwn(value, tag) ? (value as Record<string, unknown>)[tag] : undefined;
    const decode = variants[choose(found, `${path}.${tag}`)];
    return decode?.(value, path) as Decoded<V[keyof V]>;
  };
}

/** A decoder with a rule about the decoded value: `check` throws what `unwanted` returns. */
export function checked<T>(decode: Decoder<T>, check: (value: T, path: string) => void): Decoder<T> {
  return (value, path) => {
    const decoded = decode(value, path);
    check(decoded, path);
    return decoded;
  };
}
