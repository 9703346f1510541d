interface Shown {
  ranges: readonly { words: string; href: string; current: boolean }[];
}

/** Links that choose how far back charts go. */
export function RangeLinks({ ranges }: Shown) {
  return (
    <nav class="range" aria-label="Range">
      <span>Last</span>
      <div class="segments">
        {ranges.map(({ words, href, current }) => (
          <a href={href} aria-current={current ? 'true' : undefined}>
            {words}
          </a>
        ))}
      </div>
    </nav>
  );
}
