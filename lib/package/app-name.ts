/** The name of the app that a package is for, which is also that of its executable. Every command looks at it, and few at a package. */
const APP_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isAppName(value: string): boolean {
  return APP_NAME.test(value);
}
