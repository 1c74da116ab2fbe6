import { MayBeAbsent, TextForm } from '@spillway/http';

/** The query of `GET /v1/jobs/{jobId}/timeline`; anything else in it is refused. */
export class TimelineDto {
  @MayBeAbsent()
  @TextForm(/^(json|otlp)$/, 'json or otlp')
  format?: string;
}
