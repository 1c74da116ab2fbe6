import { url, urls, type ConfigSpec } from '@spillway/config';

/** Every process that talks to the broker. */
export const brokerConfig = {
  amqpUrls: urls('AMQP_URLS', ['amqp', 'amqps'], {
    about: 'Addresses of the RabbitMQ nodes, tried in turn, comma-separated',
  }),
} satisfies ConfigSpec;

/** Every process that asks the broker's management API. */
export const managementConfig = {
  managementUrl: url('MANAGEMENT_URL', ['http', 'https'], {
    about: "RabbitMQ's management API, with a read-only user",
  }),
} satisfies ConfigSpec;
