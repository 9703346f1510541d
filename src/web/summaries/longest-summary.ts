/** The most characters of a summary that are rendered. */
export const longestSummary = 64 * 1024;
