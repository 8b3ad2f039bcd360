import { createFlat } from "./flat.js";
export const createSpace = createFlat;
