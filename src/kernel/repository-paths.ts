/** Whether a path leads into a repository. Annotations come from jobs and may name any path. */
export function isInRepository(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
