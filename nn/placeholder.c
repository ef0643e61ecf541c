typedef int nn_placeholder_;
