import type { Annotation } from '../../kernel/model.ts';

/** Annotations of one level in one step, as many as GitHub shows. */
const mostPerLevel = 10;
/** Annotations of one job. */
const mostPerJob = 50;
/** Characters of a text. */
const longestText = 2000;

/** Limits the annotations of a job to what is shown and sent. */
export class AnnotationBudget {
  #count = 0;

  /** Adds an annotation to a step's list, if there is room. */
  add(list: Annotation[], annotation: Annotation): void {
    if (this.#count >= mostPerJob) return;
    if (list.filter(({ level }) => level === annotation.level).length >= mostPerLevel) return;
    this.#count++;
    const { message, title, file } = annotation;
    list.push({ ...annotation, message: cut(message), title: title && cut(title), file: file && cut(file) });
  }
}

/** Leaves no half of a character, which no address of a page can contain. */
function cut(text: string): string {
  if (text.length <= longestText) return text;
  return `${text.slice(0, longestText).replace(/[\ud800-\udbff]$/, '')}…`;
}
