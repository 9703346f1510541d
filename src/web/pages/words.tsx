import { withCommandsAsTyped } from '../../kernel/invocation.ts';

/** What stands between two backticks of one line. */
const code = /`([^`\n]+)`/;

/** A message or a remedy: what stands between backticks is code, and commands are shown as they are typed at this installation. */
export function Words({ text }: { text: string }) {
  return <>{partsOf(text).map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>;
}

/** A message where there can be no elements, such as the title of a page. */
export function plainWords(text: string): string {
  return partsOf(text).join('');
}

/** Text and code by turns; the first is text. */
function partsOf(text: string): string[] {
  return withCommandsAsTyped(text).split(code);
}
