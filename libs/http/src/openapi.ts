export { describeRoutes, type DescribedRoutes, type RouteAccessOf } from './openapi/describe-routes.js';
export { openApiDocument } from './openapi/document.js';
export {
  describeController,
  type ControllerDescription,
  type OperationInfo,
} from './openapi/operation-info.js';
