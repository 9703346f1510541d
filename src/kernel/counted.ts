/** A number of things: `1 log`, `3 logs`, `2 days`, `2 repositories`. */
export function counted(count: number, one: string): string {
  const several = /[^aeiou]y$/.test(one) ? `${one.slice(0, -1)}ies` : `${one}s`;
  return `${count} ${count === 1 ? one : several}`;
}
