/** What looking for matches has taken: where very much is alike, it takes a hundred times as long as otherwise. */

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Spent {
  /** Places that were looked at, and words of eight bytes that were compared. */
  static steps: u64 = 0;
}
