/**
 * Marks in a commit's message by which the commit is not built: those of GitHub Actions, GitLab and others, anywhere in the
 * message and in upper or lower case, and that of Azure Pipelines; see docs/observing.md.
 */
const marks = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|\*\*\*NO_CI\*\*\*/i;

/**
 * The mark that keeps a commit from being built, or undefined.
 * @param skipChecks value of the trailer `skip-checks`
 */
export function skipMark(message: { text: string; skipChecks: string }): string | undefined {
  if (message.skipChecks.toLowerCase() === 'true') return 'skip-checks: true';
  return marks.exec(message.text)?.[0];
}
