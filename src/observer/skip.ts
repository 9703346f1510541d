/**
 * What people write into a commit's message so that it is not built: the marks of GitHub Actions, GitLab and others,
 * anywhere in it and in any case, and that of Azure Pipelines; see docs/observing.md.
 */
const marks = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|\*\*\*NO_CI\*\*\*/i;

/**
 * The mark by which a commit asks not to be built, or undefined.
 * @param skipChecks value of the trailer `skip-checks`
 */
export function skipMark(message: { text: string; skipChecks: string }): string | undefined {
  if (message.skipChecks.toLowerCase() === 'true') return 'skip-checks: true';
  return marks.exec(message.text)?.[0];
}
