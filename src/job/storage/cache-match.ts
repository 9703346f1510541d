/** What a job asks for. */
export interface CacheQuery {
  key: string;
  /** beginnings of keys that fit if there is no cache with that key */
  restoreKeys: readonly string[];
  /** hash of the paths that are cached; a cache only fits the same paths */
  version: string;
  /** trust classes whose caches fit, in this order */
  scopes: readonly string[];
}

interface Cache {
  about: { key: string; version: string; scope: string; createdAt: number };
}

/**
 * The cache that fits best, by GitHub's rules: in each scope the key itself, then the newest whose key begins with it, then the
 * newest that begins with one of the other keys (docs.github.com, "Cache key matching").
 */
export function bestMatch<C extends Cache>(
  caches: readonly C[],
  { key, restoreKeys, version, scopes }: CacheQuery,
): C | undefined {
  const all = caches
    .filter(({ about }) => about.version === version)
    .sort((a, b) => b.about.createdAt - a.about.createdAt);
  for (const scope of scopes) {
    const own = all.filter(({ about }) => about.scope === scope);
    const found =
      own.find(({ about }) => about.key === key) ??
      [key, ...restoreKeys].map((start) => own.find(({ about }) => about.key.startsWith(start))).find(Boolean);
    if (found) return found;
  }
  return undefined;
}
