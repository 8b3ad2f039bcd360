/** What a worker runs that is started from a file. */
import { serve } from "./work.js";

serve(self);
