/**
 * What a program hands to a public operation. TypeScript says what is wanted, but nothing holds a program in JavaScript to it: a value
 * of another type is a UsageError that names it, before anything is done.
 */
import { array, type Decoder, decodeInput, integer, stringOf, unwanted } from './decoder.ts';

/** A decoder for each field of the options, so that none is forgotten. */
export type Fields<Options> = { [Name in keyof Options]-?: Decoder<unknown> };

/** No file has such a name, so it is no text that anybody wants. */
export const words = stringOf('text without null characters', (value) => !value.includes('\0'));
export const wordList = array(words, 0, 10_000);
/** Of a process. */
export const processId = integer(0, 2 ** 32 - 1);

/** A number of at least 0, which may be infinite. */
export function amount(unit: string): Decoder<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(value >= 0)) throw unwanted(path, `a number of ${unit} from 0`, value);
    return value;
  };
}

export const callable: Decoder<unknown> = (value, path) => {
  if (typeof value !== 'function') throw unwanted(path, 'a function', value);
  return value;
};

/** It may be one of another library. */
export const abortSignal: Decoder<unknown> = (value, path) => {
  if (typeof value !== 'object' || value === null || !('aborted' in value))
    throw unwanted(path, 'an AbortSignal', value);
  return value;
};

export const binaryData: Decoder<Uint8Array> = (value, path) => {
  if (!(value instanceof Uint8Array)) throw unwanted(path, 'a Uint8Array', value);
  return value;
};

/** For what is only passed on, or has its own check. */
export const anything: Decoder<unknown> = (value) => value;

export function either(wanted: string, ...decoders: Decoder<unknown>[]): Decoder<unknown> {
  return (value, path) => {
    for (const decode of decoders) {
      try {
        return decode(value, path);
      } catch {
        // Maybe the next one.
      }
    }
    throw unwanted(path, wanted, value);
  };
}

/**
 * An object whose fields are of these types or missing; it may have others.
 *
 * @param wanted what it is, if it is not made by the caller, such as `what \`checkForUpdates\` returned`
 * @param required fields that may not be missing
 */
export function fieldsOf<Options extends object>(
  fields: Partial<Fields<Options>>,
  wanted = 'an object',
  required: readonly string[] = [],
): Decoder<Options> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw unwanted(path, wanted, value);
    for (const [name, decode] of Object.entries<Decoder<unknown> | undefined>(fields)) {
      const field: unknown = Reflect.get(value, name);
      if (field !== undefined || required.includes(name)) decode?.(field, `${path}.${name}`);
    }
    return value as Options;
  };
}

/** The options of a method, all of them. */
export function requireOptions<Options extends object>(fields: Fields<Options>, options: Options): void {
  decodeInput(fieldsOf(fields), options, 'options');
}
