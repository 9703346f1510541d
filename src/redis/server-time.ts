/** @param time the answer to TIME: seconds and microseconds. @returns milliseconds since 1970 */
export function serverMillis([seconds, micros]: readonly (number | string)[]): number {
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
