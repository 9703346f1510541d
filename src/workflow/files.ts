/** A workflow file of a commit or a checkout. */
export interface WorkflowFile {
  /** below the repository's root */
  path: string;
  text: string;
}

/** The largest workflow file that is read, in bytes; the largest in well-known projects are below 100,000. */
export const longestFile = 524_288;

/** Folders of workflow files in a repository; only the first folder that has some is used. */
export const workflowFolders = ['.volt/workflows', '.github/workflows'] as const;
