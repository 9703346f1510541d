/** A value that a list is narrowed to. @param without address of the list without it */
export function Chip({ field, value, without }: { field: string; value: string; without: string }) {
  return (
    <a class="chip set" href={without} aria-label={`Remove ${field} ${value}`} title="Remove this filter">
      <span class="faint">{field}</span> <span class="value">{value}</span> <span aria-hidden="true">×</span>
    </a>
  );
}
