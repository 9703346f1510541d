/** A workflow file, as it stands in a commit or a checkout. */
export interface WorkflowFile {
  /** below the repository's root */
  path: string;
  text: string;
}

/** Longest workflow file that is read, in bytes; the longest of well-known projects have below 100,000. */
export const longestFile = 524_288;

/** Where workflow files are, below the root of a repository; the first that has any counts, and the others do not. */
export const workflowFolders = ['.volt/workflows', '.github/workflows'] as const;
