/** The path of the compiled module: in a checkout, or inside the executable. */
declare module '*.wasm' {
  const path: string;
  export default path;
}
