import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ComponentChildren;
  /** Of the cells: `mono`, `date`, `num`, `nowrap`, `cut`. */
  readonly class?: string;
  /** Of the head: the column that takes the room that is left. */
  readonly wide?: boolean;
  /** All of what is cut off. */
  readonly hover?: (item: T) => string;
  /** On a phone, where rows are cards, the cell says itself what it is. */
  readonly plain?: boolean;
}

/** Rows of a list. On a phone each is a card, with the titles beside the values. */
export function ListTable<T>(props: {
  items: readonly T[];
  idOf: (item: T) => string | number;
  columns: readonly Column<T>[];
}) {
  const { items, idOf, columns } = props;
  return (
    <table class="table list">
      <thead>
        <tr>
          {columns.map(({ title, wide, class: kind }) => (
            <th key={title} class={wide ? 'wide' : kind === 'num' ? 'num' : ''}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={idOf(item)}>
            {columns.map(({ title, cell, class: kind, hover, plain }) => (
              <td
                key={title}
                class={kind ?? ''}
                {...(plain ? {} : { 'data-label': title })}
                {...(hover ? { title: hover(item) } : {})}
              >
                {cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
