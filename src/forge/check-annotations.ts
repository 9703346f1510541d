import type { Annotation } from '../kernel/model.ts';
import { isInRepository } from '../kernel/repository-paths.ts';

/** An annotation as GitHub's checks have it, https://docs.github.com/en/rest/checks/runs. */
export interface CheckAnnotation {
  path: string;
  start_line: number;
  end_line: number;
  start_column?: number;
  end_column?: number;
  annotation_level: 'notice' | 'warning' | 'failure';
  message: string;
  title?: string;
}

/** Annotations of one check: more of them help nobody, and each 50 cost a request. */
const most = 200;
/** GitHub's limits: characters of a title and bytes of a message. */
const longestTitle = 255;
const longestMessage = 64 * 1024;
/** Lines and columns are 32-bit numbers. */
const largest = 2 ** 31 - 1;

const levels = { error: 'failure', warning: 'warning', notice: 'notice' } as const;

/** The annotations that GitHub can show beside the lines of a file. */
export function checkAnnotations(annotations: readonly Annotation[]): CheckAnnotation[] {
  return annotations.flatMap((one) => checkAnnotation(one) ?? []).slice(0, most);
}

function checkAnnotation({ level, message, title, file, line, endLine, column, endColumn }: Annotation) {
  if (file === null || !isInRepository(file) || message.trim() === '') return undefined;
  const start = Math.min(line ?? 1, largest);
  const end = Math.min(Math.max(endLine ?? start, start), largest);
  // GitHub takes columns only within one line
  const from = start === end && line !== null && column !== null ? Math.min(column, largest) : undefined;
  const to = from === undefined ? undefined : Math.min(Math.max(endColumn ?? from, from), largest);
  return {
    ...{ path: file, start_line: start, end_line: end, annotation_level: levels[level] },
    ...(from !== undefined && to !== undefined && { start_column: from, end_column: to }),
    message: Buffer.from(message).subarray(0, longestMessage).toString().replace(/�$/, ''),
    ...(title !== null && title.trim() !== '' && { title: title.slice(0, longestTitle) }),
  };
}
