/** The tables of places of levels 1 to 6. */
export const table: usize = memory.data(4 << 17);
export const TABLE: usize = 4 << 17;
export const longTable: usize = memory.data(8 << 15);
export const LONG_TABLE: usize = 8 << 15;
