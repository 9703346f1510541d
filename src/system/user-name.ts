import { userInfo } from 'node:os';

/** Name of the user of this process; `user 1000` where the machine has no name for it, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`;
  }
}
