/**
 * Makes a function that does its work once in a process for the same arguments. Callers share work that is under way; work that
 * fails is done again for the next caller.
 */
export function remember<A extends readonly string[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (...args) => {
    const key = JSON.stringify(args);
    const result = known.get(key) ?? work(...args);
    known.set(key, result);
    result.catch(() => known.delete(key));
    return result;
  };
}
