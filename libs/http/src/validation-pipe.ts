import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { invalidRequest } from './checked-body.js';
import { isChecked } from './compile-rules.js';
import { ClassCheck } from './schema/class-check.js';
import type { PointerTo } from './schema/wording.js';

interface Place {
  readonly name: string;
  readonly pointerTo: PointerTo;
}

const PLACES: Readonly<Record<string, Place>> = {
  body: { name: 'The body', pointerTo: (property) => `/${property}` },
  query: { name: 'The query', pointerTo: (property) => `?${property}` },
  param: { name: 'The address', pointerTo: (property) => `{${property}}` },
};

/**
 * Checks bodies, queries and parameters against their classes. Unknown properties and broken rules are
 * 400 `invalid_request`, with a JSON pointer (`/tags/3`), `?limit` for a query, `{id}` for the address.
 * What handlers get are plain objects.
 */
export function validationPipe(): PipeTransform {
  return { transform };
}

function transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
  const place = PLACES[type];
  if (place === undefined || !isChecked(metatype)) return value;
  const checked = ClassCheck.of(metatype).run(value, place.pointerTo);
  if (checked.ok) return checked.value;
  throw invalidRequest(place.name, checked.mistakes);
}
