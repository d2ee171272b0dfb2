/**
 * Which of the four models it is that codes, and how many bits counters have seen at most in each: with a low limit they forget
 * sooner. Patches of the first two are read for ever; the third one writes, and where there is little to do the fourth one.
 */

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Limits {
  /** Whether it is the second one or a later one, which has all that the second one has; the third one or the fourth; the fourth one. */
  static second: bool = false;
  static third: bool = false;
  static fourth: bool = false;
  /** Whether steps may be fast. */
  static fast: bool = false;
  /** Of numbers: how many bits they have; which. */
  static sizes: u32 = 127;
  static digits: u32 = 255;
  static steps: u32 = 255;
  /** Whether there is a wrong byte in a block; where. */
  static blocks: u32 = 1000;
  static places: u32 = 255;
  /** Whether a reference, a byte is as predicted. */
  static references: u32 = 1000;
  static fields: u32 = 255;
  static bytes: u32 = 255;
  static predictions: u32 = 255;
  /** An input of every mixed flag. */
  static bias: i32 = 0;
}

/** The second model codes; to be called before all else. */
export function useSecondModel(): void {
  Limits.second = true;
  Limits.sizes = 60;
  Limits.digits = 127;
  Limits.steps = 100;
  Limits.blocks = 250;
  Limits.places = 127;
  Limits.references = 100;
  Limits.fields = 60;
  Limits.bytes = 50;
  Limits.predictions = 100;
  Limits.bias = 256;
}

/** The third model codes; to be called before all else. */
export function useThirdModel(): void {
  useSecondModel();
  Limits.third = true;
}

/** The fourth model codes; to be called before all else. */
export function useFourthModel(): void {
  useThirdModel();
  Limits.fourth = true;
}

/** The third model codes, and some steps are fast; to be called before all else. */
export function useFastSteps(): void {
  useThirdModel();
  Limits.fast = true;
}
