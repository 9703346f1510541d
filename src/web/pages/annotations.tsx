import type { Annotation, Step } from '../../kernel/model.ts';
import { isInRepository } from '../../kernel/repository-paths.ts';

/** The page of a file of the commit at its forge; undefined if that is not known. */
export type FilePage = (path: string, line: number | null) => string | undefined;

/** The annotations of the job that the page shows, and the log that it shows with them. */
export interface Annotated {
  /** of the job and the attempt in the address of the page */
  log: string;
  /** the lines that annotations come from, numbered from 0; empty if the page shows the log of another attempt */
  lines: ReadonlyMap<Annotation, number>;
  fileOf: FilePage;
}

/** The most annotations of one step that are shown; a linter may make thousands. */
const mostAnnotations = 50;
/** Lines before the one of an annotation that the page shows without scripts. */
const linesBefore = 20;

/** The annotations of a step, each with links to the file and to the line of the log. */
export function Annotations({ annotations, annotated }: { annotations: readonly Annotation[]; annotated: Annotated }) {
  if (annotations.length === 0) return null;
  const more = annotations.length - mostAnnotations;
  return (
    <ul class="annotations">
      {annotations.slice(0, mostAnnotations).map((annotation) => {
        const line = annotated.lines.get(annotation);
        const { level, title, message, file } = annotation;
        return (
          <li class={level} data-level={level} data-line={line}>
            <strong>{title ?? level}</strong>
            {file !== null && (
              <a class="place" href={fileAddress(annotation, annotated)}>
                <code>{positionOf(annotation)}</code>
              </a>
            )}
            {line !== undefined && (
              <a href={lineAddress(annotated.log, line)} data-swap="log">
                line {line + 1} of the log
              </a>
            )}
            <span class="said">{message}</span>
          </li>
        );
      })}
      {more > 0 && <li class="faint">and {more} more</li>}
    </ul>
  );
}

/** Address of a line of the log. @param log address of the log itself. @param line from 0 */
function lineAddress(log: string, line: number): string {
  return `${log}&line=${Math.max(1, line + 1 - linesBefore)}#L${line + 1}`;
}

/** What the log shows beside a line of an annotation. */
export interface LogNote {
  level: Annotation['level'];
  label: string;
  href: string | undefined;
}

/** The notes of a log by their lines, numbered from 0. */
export function notesOf(steps: readonly Step[], annotated: Annotated): Map<number, LogNote[]> {
  const notes = new Map<number, LogNote[]>();
  for (const annotation of steps.flatMap(({ annotations }) => annotations.slice(0, mostAnnotations))) {
    const line = annotated.lines.get(annotation);
    if (line === undefined) continue;
    const { level, file, title } = annotation;
    const label = file === null ? (title ?? '') : positionOf(annotation);
    notes.set(line, [...(notes.get(line) ?? []), { level, label, href: fileAddress(annotation, annotated) }]);
  }
  return notes;
}

function fileAddress({ file, line }: Annotation, { fileOf }: Annotated): string | undefined {
  return file !== null && isInRepository(file) ? fileOf(file, line) : undefined;
}

/** `src/a.js:3:7` */
function positionOf({ file, line, column }: Annotation): string {
  return [file, line, line === null ? null : column].filter((part) => part !== null).join(':');
}
