// Does nothing but register: there is nothing else that could keep the process alive.
import { createApp } from "runledger";

createApp().closeOnSignals();
