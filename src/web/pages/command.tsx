import { asTyped } from '../../kernel/invocation.ts';

/** A command line as a person types it at this installation. @param line the command line, which begins with `volt` */
export function Command({ line }: { line: string }) {
  return <code>{asTyped(line)}</code>;
}

/** A command line to copy, in a line of its own. */
export function CommandLine({ line }: { line: string }) {
  return (
    <pre tabindex={0}>
      <code>{asTyped(line)}</code>
    </pre>
  );
}
