typedef int kernel_placeholder_;
