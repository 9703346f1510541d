/** Where workflow files are, below the root of a repository; the first that has any counts, and the others do not. */
export const workflowFolders = ['.volt/workflows', '.github/workflows'] as const;
