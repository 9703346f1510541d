import type { Child } from 'hono/jsx';

/** What a list shows while it has nothing yet: why, and what to do next. */
export function Nothing({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="nothing">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
