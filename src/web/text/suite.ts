/** The groups of a test as people read them, such as `sum › deep`. */
export function suiteText(suite: string): string {
  return suite.replaceAll(' > ', ' › ');
}
