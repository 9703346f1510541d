/** What the log shows beside a line that an annotation comes from. */
export interface LogNote {
  level: string;
  label: string;
  /** address of the file that the annotation names, if that is known */
  href: string | undefined;
}

/** The notes of the log by their lines, numbered from 0, from the page's list of annotations. */
export function notesOnPage(): Map<number, LogNote[]> {
  const notes = new Map<number, LogNote[]>();
  for (const item of document.querySelectorAll<HTMLElement>('#job .annotations > li[data-line]')) {
    const line = Number(item.dataset.line);
    const place = item.querySelector<HTMLAnchorElement>('.place');
    const level = item.dataset.level ?? '';
    const title = item.querySelector('strong')?.textContent ?? '';
    const label = place?.textContent ?? (title === level ? '' : title);
    notes.set(line, [...(notes.get(line) ?? []), { level, label, href: place?.href || undefined }]);
  }
  return notes;
}

/** A link to the file of an annotation, or its words where there is none. */
export function noteElement({ level, label, href }: LogNote, line: number): HTMLElement {
  const note = document.createElement(href === undefined ? 'span' : 'a');
  note.className = `note ${level}`;
  note.dataset.note = String(line);
  const about = document.createElement('span');
  about.className = 'about';
  about.textContent = label;
  note.append(level, ' ', about);
  if (href !== undefined) note.setAttribute('href', href);
  return note;
}
