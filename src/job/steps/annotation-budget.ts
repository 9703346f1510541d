import type { Annotation } from '../../kernel/model.ts';

/** As many of one level as GitHub shows of one step. */
const mostPerLevel = 10;
/** In one job. */
const mostPerJob = 50;
/** Characters. */
const longestText = 2000;

/** Keeps the annotations of a job within the bounds of what is shown and sent. */
export class AnnotationBudget {
  #count = 0;

  /** Adds one to a step's list, where there is room. */
  add(list: Annotation[], annotation: Annotation): void {
    if (this.#count >= mostPerJob) return;
    if (list.filter(({ level }) => level === annotation.level).length >= mostPerLevel) return;
    this.#count++;
    const { message, title, file } = annotation;
    list.push({ ...annotation, message: cut(message), title: title && cut(title), file: file && cut(file) });
  }
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}
